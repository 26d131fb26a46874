/* The boxes on the image as a list; a press selects one and zooms to it. */
import { labelColour } from "../design/colours";
import { Icon } from "../design/icons";
import type { Scene, SceneStore, Shape } from "./core/scene";
import css from "./review.module.css";

type Props = { store: SceneStore; scene: Scene; labels: readonly string[]; focus: (shape: Shape) => void };

export function ShapeList({ store, scene, labels, focus }: Props) {
  return (
    <div className={css.shapes}>
      <h2>
        Boxes <span>{scene.shapes.length}</span>
      </h2>
      <ul>
        {scene.shapes.map((shape) => (
          <li key={shape.id} data-selected={shape.id === scene.selected}>
            <button type="button" onClick={() => (store.select(shape.id), focus(shape))}>
              <i style={{ background: labelColour(shape.label, labels) }} />
              <span>{shape.label}</span>
              <small>{shape.confidence === undefined ? "yours" : Math.round(shape.confidence * 100)}</small>
            </button>
            <button type="button" className={css.remove} aria-label={`Delete ${shape.label}`} onClick={() => store.remove(shape.id)}>
              <Icon name="cross" size={12} />
            </button>
          </li>
        ))}
        {scene.shapes.length === 0 && <li className={css.none}>None. Drag on the image to draw one.</li>}
      </ul>
    </div>
  );
}
