import pino from 'pino';
import { expect, it } from 'vitest';
import { CloseStack } from '../../../src/lifecycle/close-stack.js';

it('closes the last first, once, and goes on when a part fails', async () => {
  const closed: string[] = [];
  const stack = new CloseStack(pino({ level: 'silent' }));
  stack.push('database', async () => closed.push('database'));
  stack.push('webhooks', () => {
    closed.push('webhooks');
    throw new Error('no');
  });
  stack.push('sockets', async () => closed.push('sockets'));
  await Promise.all([stack.close(), stack.close()]);
  expect(closed).toEqual(['sockets', 'webhooks', 'database']);
});
