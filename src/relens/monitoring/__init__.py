"""Numbers of what is deployed: sums behind a cursor over the prediction log, drift, outlier scores, and metrics from reviews."""
