import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/* The build lands beside the server that hands it out. Addresses are relative to the base address, which the server writes into
   the page, so that one build works under any path prefix. */
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../src/relens/server/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": process.env.RELENS_URL ?? "http://127.0.0.1:8417" } },
  // A busy machine is slow, not wrong.
  test: { include: ["src/**/*.test.ts"], environment: "node", testTimeout: 30_000 },
} as Parameters<typeof defineConfig>[0]);
