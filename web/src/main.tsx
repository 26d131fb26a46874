/* Starts the pages. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { leaveFilesBeside } from "./app/beside";
import "./design/tokens.css";
import "./design/base.css";

leaveFilesBeside();
createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
