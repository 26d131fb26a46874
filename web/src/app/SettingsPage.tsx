/* The settings of a deployment, gathered from the rooms that own them. */
import { useEffect } from "react";
import { useLocation } from "react-router";
import { AlertSettings } from "../alerts/AlertSettings";
import { GeneralSettings } from "../deployments/GeneralSettings";
import { StorageSettings } from "../deployments/StorageSettings";
import { useDeployment } from "../design/deployment";
import { DeploymentSettings } from "../loop/DeploymentSettings";
import { TrainingSettings } from "../loop/TrainingSettings";
import { DriftSettings } from "../monitoring/DriftSettings";
import { ThresholdSettings } from "../monitoring/ThresholdSettings";
import css from "./settings.module.css";
import { TrainingDataSettings } from "./TrainingDataSettings";

const SECTIONS = [
  ["training-data", "Training data"],
  ["continuous-training", "Continuous training"],
  ["continuous-deployment", "Continuous deployment"],
  ["threshold", "Confidence threshold"],
  ["drift", "Drift"],
  ["alerts", "Alerts"],
  ["storage", "Storage"],
  ["code", "Use from code"],
  ["general", "General"],
];

export default function SettingsPage() {
  const { deployment } = useDeployment();
  const { hash } = useLocation();
  useEffect(() => {
    if (hash) document.getElementById(hash.slice(1))?.scrollIntoView({ block: "start" });
  }, [hash]);
  return (
    <div className={css.settings}>
      <nav className={css.index} aria-label="Settings">
        {SECTIONS.map(([id, title]) => (
          <a
            key={id}
            href={`#${id}`}
            onClick={(event) => (event.preventDefault(), document.getElementById(id)?.scrollIntoView({ behavior: "smooth" }))}
          >
            {title}
          </a>
        ))}
      </nav>
      {/* What is being changed belongs to one deployment: another one begins with what is saved. */}
      <div key={deployment.id} className={css.sections}>
        <TrainingDataSettings />
        <TrainingSettings />
        <DeploymentSettings />
        <ThresholdSettings />
        <DriftSettings />
        <AlertSettings deployment={deployment.name} task={deployment.task} />
        <StorageSettings deployment={deployment.name} />
        <GeneralSettings deployment={deployment} />
      </div>
    </div>
  );
}
