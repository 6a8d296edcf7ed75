/** The library as it was built: from source there is nothing that a thread could load. */
export const builtLibrary: typeof import('../../src/index.ts') = await import(
  new URL('../../dist/index.js', import.meta.url).href
);
