"""The command line: `relens serve`, `relens demo`, and the API's verbs for people in a terminal."""
