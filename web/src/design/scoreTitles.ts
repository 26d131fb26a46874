/* What the numbers of an evaluation are called, on every page. */
export const SCORE_TITLES: Readonly<Record<string, string>> = {
  map50: "mAP50",
  map50_95: "mAP50–95",
  map75: "mAP75",
  ar100: "AR100",
  accuracy: "Accuracy",
  balanced_accuracy: "Balanced accuracy",
  f1: "F1",
  precision: "Precision",
  recall: "Recall",
  macro_f1: "Macro F1",
  macro_precision: "Macro precision",
  macro_recall: "Macro recall",
};
