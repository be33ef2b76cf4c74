import { defineConfig } from "vite";

// `npm run console:dev` asks a service that runs beside it.
const service = `http://${process.env.LTB_HTTP_ADDRESS ?? "127.0.0.1:50053"}`;

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  publicDir: false,
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    target: "es2024",
    // The policy of the service allows no inline script and no `data:` beyond images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // A test holds the sizes as they are sent.
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page needs comes as one file: a browser opens six connections to the service.
          groups: [
            {
              name: "base",
              test: /node_modules\/(?:@bufbuild|@connectrpc|@tanstack|react|react-dom|scheduler)\/|\/gen\/|console\/src\/(?:data\/|keys\/|frame\/sections)/,
            },
            // Of what some pages need, no file is so small that asking for it takes longer than reading it.
            { name: "parts", test: /console\/src\/(?:parts|pages)\/|\/src\/text/, minShareCount: 3 },
          ],
        },
      },
      onLog: (level, log, write) => {
        // React's directives for servers mean nothing in a browser.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") write(level, log);
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["^/ltb\\.v1\\.", "^/console/(session|config)$"].map((path) => [path, { target: service }]),
    ),
  },
});
