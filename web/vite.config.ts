// Two pages, built where the API serves them from: /pages/track.html for customers, /pages/console.html for staff.

import { defineConfig } from "vite";

export default defineConfig({
  base: "/pages/",
  build: {
    outDir: "../api/pages",
    emptyOutDir: true,
    target: "es2022",
    // The map's library is a page of its own: text comes first, the map when it has loaded.
    chunkSizeWarningLimit: 1200,
    rollupOptions: { input: ["track.html", "console.html"] },
  },
});
