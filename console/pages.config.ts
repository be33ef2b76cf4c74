import { defineConfig } from "vite";

// What lays out the pages of `--html` becomes one file for Node, with all that it imports: the command line
// is installed without React.
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  // Node replaces nothing: without this the bundle would have React's checks, too.
  define: { "process.env.NODE_ENV": '"production"' },
  ssr: { noExternal: true },
  build: {
    ssr: "src/document/main.tsx",
    target: "node24",
    outDir: "../dist",
    emptyOutDir: false,
    minify: true,
    reportCompressedSize: false,
    rolldownOptions: { output: { entryFileNames: "pages.js" }, checks: { pluginTimings: false } },
  },
});
