import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url));

/** Packages are tested from their sources, so that a unit run needs no build. */
const alias = Object.fromEntries(
  ['wire', 'core', 'media', 'recorder', 'headless'].map((name) => [`@parley/${name}`, source(name)]),
);

/** One Postgres per run, for every test that needs a database. */
const databaseCluster = fileURLToPath(
  new URL('./packages/server/test/support/database-cluster.ts', import.meta.url),
);

export default defineConfig({
  resolve: { alias },
  test: {
    // A condition that a busy machine meets late is met all the same.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/test/unit/**/*.test.ts'], testTimeout: 10_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['packages/*/test/integration/**/*.test.ts'],
          exclude: ['packages/{media,recorder}/**'],
          globalSetup: [databaseCluster],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          // These measure memory and time, or fill the machine with browsers and encoders.
          name: 'engines',
          include: ['packages/{media,recorder}/test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/browser/**'],
          globalSetup: [databaseCluster],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Most of their time is spent waiting for times to pass.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: [databaseCluster],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
