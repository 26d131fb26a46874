/* A file dropped beside the place for it would be opened by the browser, in place of the page or next to it: here nothing happens. */
export function leaveFilesBeside(): void {
  for (const kind of ["dragover", "drop"] as const) {
    window.addEventListener(kind, (event) => {
      const taken = event.defaultPrevented || (event.target instanceof HTMLInputElement && event.target.type === "file");
      if (taken || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}
