"""The closed circle: verdicts become data, data a candidate, and a candidate that passes the gate answers."""
