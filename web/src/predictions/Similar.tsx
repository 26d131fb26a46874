/* Images that look like this one, by what the model saw in them or by how they look. */
import { Link } from "react-router";
import type { SimilarImages } from "../api/types";
import { useRead } from "../api/use";
import { count, score } from "../design/format";
import { Card, dim, Loaded } from "../design/page";
import { Picture } from "../design/Picture";
import { ReviewChip } from "../design/status";
import css from "./predictions.module.css";
import { answered } from "./shapes";

const BY = { features: "By what the model sees in them", appearance: "By brightness, sharpness and colour" };

export function Similar({ id, name, labels }: { id: string; name: string; labels: string[] }) {
  const similar = useRead<SimilarImages>(`/predictions/${id}/similar`);
  const found = similar.data;
  return (
    <Card
      title="Look-alikes"
      aside={found?.by && <small className={dim}>{`${BY[found.by]}, among the latest ${count(found.among)}`}</small>}
    >
      <Loaded query={similar} height={140}>
        {({ items, by }) =>
          items.length === 0 ? (
            <p className={dim}>
              {by ? "There is no other image to compare with." : "Nothing was measured of this image that could be compared."}
            </p>
          ) : (
            <ul className={css.alike}>
              {items.map(({ prediction, distance }) => (
                <li key={prediction.id}>
                  <Link to={`/deployments/${name}/predictions/${prediction.id}`}>
                    <span className="visually-hidden">Open {prediction.client_id ?? prediction.id}</span>
                    <Picture
                      asset={prediction.asset}
                      width={prediction.width}
                      height={prediction.height}
                      shapes={answered(prediction)}
                      labels={labels}
                      aspect="4 / 3"
                      alt=""
                    />
                  </Link>
                  <span className={css.line}>
                    {prediction.review === "pending" ? <span>{prediction.source}</span> : <ReviewChip state={prediction.review} />}
                    <span title="Distance: 0 is the same">{score(distance, 2)}</span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
