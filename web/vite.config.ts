import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/* The build lands beside the server that hands it out; "./" lets one build work under any path prefix. */
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../src/relens/server/static",
    emptyOutDir: true,
    target: "es2022",
    // Preloads in the page itself would be asked for before the base address is known.
    modulePreload: { polyfill: false, resolveDependencies: (_file, needed, { hostType }) => (hostType === "html" ? [] : needed) },
  },
  server: { proxy: { "/api": process.env.RELENS_URL ?? "http://127.0.0.1:8417" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
} as Parameters<typeof defineConfig>[0]);
