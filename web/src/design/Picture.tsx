/* An image with its shapes drawn over it in image coordinates; the same on every page. */
import { useState } from "react";
import { imageUrl, whyMissing } from "../api/client";
import type { Quad } from "../api/types";
import { inkOn, labelColour } from "./colours";
import { nameplates, type Plate } from "./nameplates";
import css from "./Picture.module.css";
import { useWidth } from "./useWidth";

export type Drawn = { label: string; confidence?: number; box?: Quad | null; polygon?: number[][] | number[] | null; answered?: boolean };

type Props = {
  /** The image's id, or nothing where `src` says where it is. */
  asset?: string;
  /** An image that is not on the server. */
  src?: string;
  width: number;
  height: number;
  shapes: readonly Drawn[];
  labels: readonly string[];
  size?: number;
  names?: boolean;
  aspect?: string;
  /** Without the label of the whole image, where the picture is too small to read it. */
  bare?: boolean;
  /** About how many pixels wide it stands on the page, until that is measured: names keep their size. */
  wide?: number;
  /** It is known that the image is not here, and why: nobody asks for it. */
  gone?: string;
  alt: string;
};

const NOT_HERE = "Image not available";

export function Picture({ asset = "", src, width, height, shapes, labels, size = 320, names, aspect, bare, wide = 640, gone, alt }: Props) {
  const [failed, setFailed] = useState<string | null>(null);
  const missing = gone ?? failed;
  const url = src ?? imageUrl(asset, size);
  const fail = async () => {
    setFailed(NOT_HERE);
    // On a small picture the reason has no room.
    if (names) setFailed((await whyMissing(url)) ?? NOT_HERE);
  };
  const whole = shapes.find((shape) => !shape.box && !shape.polygon);
  return (
    <div className={css.picture} style={{ aspectRatio: aspect ?? `${width} / ${height}` }}>
      {missing !== null ? (
        <span className={css.missing}>{missing}</span>
      ) : (
        <img src={url} alt={alt} loading="lazy" decoding="async" onError={() => void fail()} />
      )}
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true">
        {shapes.map((shape, i) => (
          <Shape key={i} shape={shape} colour={labelColour(shape.label, labels)} />
        ))}
      </svg>
      {names && <Names image={{ width, height }} shapes={shapes} labels={labels} wide={wide} />}
      {whole && !bare && (
        <span className={css.tag}>
          {whole.label}
          {whole.confidence !== undefined && ` ${Math.round(whole.confidence * 100)}`}
        </span>
      )}
    </div>
  );
}

export function points(polygon: number[][] | number[]): string {
  const flat = (polygon as (number | number[])[]).flat() as number[];
  const pairs: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push(`${flat[i]},${flat[i + 1]}`);
  return pairs.join(" ");
}

function Shape({ shape, colour }: { shape: Drawn; colour: string }) {
  const faint = shape.answered === false;
  const style = {
    fill: colour,
    fillOpacity: faint ? 0 : 0.1,
    stroke: colour,
    strokeOpacity: faint ? 0.6 : 1,
    strokeWidth: 1.6,
    strokeDasharray: faint ? "4 3" : undefined,
  };
  if (shape.polygon) return <polygon points={points(shape.polygon)} vectorEffect="non-scaling-stroke" style={style} />;
  if (!shape.box) return null;
  const [x1, y1, x2, y2] = shape.box;
  return (
    <rect x={x1} y={y1} width={Math.max(0, x2 - x1)} height={Math.max(0, y2 - y1)} vectorEffect="non-scaling-stroke" style={style} rx={1} />
  );
}

type NamesProps = { image: { width: number; height: number }; wide: number } & Pick<Props, "shapes" | "labels">;

/** The names of the boxes, as large on a phone as on a wide screen. */
function Names({ image, shapes, labels, wide }: NamesProps) {
  const [place, measured] = useWidth<SVGSVGElement>(wide);
  const scale = Math.max(image.width, image.height) / measured;
  return (
    <svg ref={place} viewBox={`0 0 ${image.width} ${image.height}`} preserveAspectRatio="xMidYMid meet" aria-hidden="true">
      {nameplates(shapes, image, scale).map(
        (plate, i) => plate && <Name key={i} plate={plate} colour={labelColour(shapes[i].label, labels)} scale={scale} />,
      )}
    </svg>
  );
}

function Name({ plate: { x, y, width, height, text }, colour, scale }: { plate: Plate; colour: string; scale: number }) {
  return (
    <g>
      <rect x={x} y={y} width={width} height={height} fill={colour} />
      <text x={x + 4 * scale} y={y + 11 * scale} fontSize={11 * scale} fontWeight={600} fill={inkOn(colour)}>
        {text}
      </text>
    </g>
  );
}
