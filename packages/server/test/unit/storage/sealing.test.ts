import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { StorageConfig } from '../../../src/storage/config.js';
import { SecretBox } from '../../../src/storage/sealing.js';

const STORAGE: StorageConfig = {
  type: 'sftp',
  host: 'files.example.com',
  username: 'recorder',
  auth_method: 'KEY',
  private_key: '-----BEGIN OPENSSH PRIVATE KEY-----',
  password: 'a passphrase',
};

const box = () => new SecretBox(randomBytes(32));

describe('a sealed storage', () => {
  it('opens again, and shows no secret in between', () => {
    const secrets = box();
    const sealed = secrets.sealStorage(STORAGE);
    expect(JSON.stringify(sealed)).not.toMatch(/passphrase|OPENSSH/);
    expect(sealed.shown).toEqual({
      type: 'sftp',
      host: 'files.example.com',
      username: 'recorder',
      auth_method: 'KEY',
    });
    expect(secrets.openStorage(JSON.parse(JSON.stringify(sealed)))).toEqual(STORAGE);
  });

  it('is another text each time', () => {
    const secrets = box();
    expect(secrets.sealStorage(STORAGE).sealed).not.toBe(secrets.sealStorage(STORAGE).sealed);
  });

  it('stays shut for another key, and says so', () => {
    expect(() => box().openStorage(box().sealStorage(STORAGE))).toThrow('sealed with another key');
  });

  it('stays shut in another place than the one that it was given for', () => {
    const secrets = box();
    const { shown, sealed } = secrets.sealStorage(STORAGE);
    expect(() => secrets.openStorage({ shown: { ...shown, host: 'evil.example.com' }, sealed })).toThrow(
      'are damaged',
    );
  });

  it('stays shut when a single bit of it was changed', () => {
    const secrets = box();
    const { shown, sealed } = secrets.sealStorage(STORAGE);
    const [version, keyId, body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (const place of [0, 13, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[place]! ^= 1;
      const text = [version, keyId, changed.toString('base64url')].join('.');
      expect(() => secrets.openStorage({ shown, sealed: text })).toThrow('are damaged');
    }
    expect(() => secrets.openStorage({ shown, sealed: `${version}.${keyId}.` })).toThrow('are damaged');
  });
});
