import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** The server injects `<base href>`; while developing there is none, so page routes need one here. */
function base(): Plugin {
  return {
    name: "base-href",
    apply: "serve",
    transformIndexHtml: { order: "pre", handler: (html) => html.replace("<head>", '<head><base href="/">') },
  };
}

const server = process.env.MAILCATCHER_URL ?? "http://127.0.0.1:8025";

export default defineConfig({
  base: "./",
  plugins: [svelte(), base()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    strictPort: true,
    proxy: { "/api": { target: server, ws: true } },
  },
});
