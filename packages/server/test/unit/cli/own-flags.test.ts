import { expect, it } from 'vitest';
import { takeFlags } from '../../../src/cli/own-flags.js';
import { UsageError } from '../../../src/cli/usage-error.js';

it("parts a command's own flags from those of the settings", () => {
  const args = ['--permission', 'Realtime Admin', '--data-dir', '/d', '--name=ci', '--log-level=warn'];
  expect(takeFlags(args, ['permission', 'name', 'account'])).toEqual({
    flags: { permission: 'Realtime Admin', name: 'ci' },
    rest: ['--data-dir', '/d', '--log-level=warn'],
  });
});

it('refuses a flag without its value', () => {
  expect(() => takeFlags(['--name'], ['name'])).toThrow(UsageError);
});
