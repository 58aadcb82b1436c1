import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { validationError } from '../../../src/http/validation.js';
import { publicView, type StorageConfig, storageConfig } from '../../../src/storage/config.js';

const AWS = {
  type: 'aws',
  access_key: 'AKIA',
  secret: 's3cret',
  region: 'eu-central-1',
  bucket: 'recordings',
};
const SFTP = {
  type: 'sftp',
  auth_method: 'PASSWORD',
  password: 'p',
  host: 'files.example.com',
  username: 'u',
};
const AZURE = {
  type: 'azure',
  access_key: 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net',
  bucket: 'container',
  secret: '',
  region: '',
};
const SERVICE_ACCOUNT = {
  type: 'service_account',
  client_email: 'recorder@project.iam.gserviceaccount.com',
  private_key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
};
const GCS = {
  type: 'gcs',
  secret: JSON.stringify(SERVICE_ACCOUNT),
  bucket: 'recordings',
  region: 'US multi-region',
};
const R2 = { type: 'cloudflare', access_key: 'k', secret: 's', bucket: 'b', account_id: 'abc123' };

/** The sentence that a caller would read who sent this as `storage_config` of a start. */
function refusalOf(config: object): string | null {
  const body = { storage_config: config };
  const judged = z.strictObject({ storage_config: storageConfig }).safeParse(body);
  return judged.success ? null : validationError(judged.error.issues, body).message;
}

describe('a storage_config (RC28, RC29)', () => {
  it.each([
    ['aws', AWS],
    ['aws with a path and an endpoint', { ...AWS, path: '/a/b/', endpoint: 'http://10.0.0.7:9000' }],
    ['digitalocean', { ...AWS, type: 'digitalocean', region: 'nyc3' }],
    ['cloudflare', R2],
    [
      'cloudflare with an endpoint instead',
      { ...R2, account_id: undefined, endpoint: 'https://r2.example.com' },
    ],
    ['azure, as the guide has it', AZURE],
    [
      'azure with a shared access signature',
      { ...AZURE, access_key: 'BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1' },
    ],
    ['gcs with a service account, as the guide has it', GCS],
    ['gcs with an HMAC key', { ...GCS, access_key: 'GOOG1E', secret: 's', endpoint: 'http://10.0.0.7:9000' }],
    ['sftp with a password', SFTP],
    [
      'sftp with a key',
      { ...SFTP, auth_method: 'KEY', private_key: 'PEM', port: 2222, host_key: `SHA256:${'a'.repeat(43)}` },
    ],
  ])('of %s is taken', (_name, config) => {
    expect(refusalOf(config)).toBeNull();
  });

  it.each([
    [{}, 'type'],
    [{ type: 'ftp' }, 'type'],
    [{ ...AZURE, access_key: '' }, 'access_key'],
    [{ ...AZURE, access_key: 'recordings' }, 'access_key'],
    [{ ...AZURE, access_key: 'UseDevelopmentStorage=true' }, 'access_key'],
    [{ ...AZURE, bucket: '' }, 'bucket'],
    [{ ...AZURE, secret: 'a2V5' }, 'secret'],
    [{ ...AZURE, endpoint: 'http://10.0.0.7' }, 'endpoint'],
    [{ ...GCS, secret: '' }, 'secret'],
    [{ ...GCS, secret: 's3cret' }, 'secret'],
    [{ ...GCS, secret: '{}' }, 'secret'],
    [{ ...GCS, secret: JSON.stringify({ ...SERVICE_ACCOUNT, type: 'authorized_user' }) }, 'secret'],
    [{ ...GCS, secret: JSON.stringify({ ...SERVICE_ACCOUNT, private_key: 'PEM' }) }, 'secret'],
    [{ ...GCS, secret: JSON.stringify({ ...SERVICE_ACCOUNT, token_uri: 'file:///etc' }) }, 'secret'],
    [{ ...GCS, bucket: undefined }, 'bucket'],
    [{ ...GCS, account_id: 'abc' }, 'account_id'],
    [{ type: 'aws' }, 'access_key'],
    [{ ...AWS, region: undefined }, 'region'],
    [{ ...AWS, secret: '' }, 'secret'],
    [{ ...AWS, bucket: undefined }, 'bucket'],
    [{ ...AWS, bucket: 'a/../b' }, 'bucket'],
    [{ ...AWS, bucket: 'b?x=' }, 'bucket'],
    [{ ...AWS, region: 'eu.evil.example#' }, 'region'],
    [{ ...AWS, host: 'files.example.com' }, 'host'],
    [{ ...AWS, private_key: 'PEM' }, 'private_key'],
    [{ ...AWS, account_id: 'abc' }, 'account_id'],
    [{ ...AWS, path: 'a/../../b' }, 'path'],
    [{ ...AWS, path: 'a\u0000b' }, 'path'],
    [{ ...AWS, path: 'x'.repeat(513) }, 'path'],
    [{ ...AWS, endpoint: 'file:///etc' }, 'endpoint'],
    [{ ...AWS, endpoint: 'https://host/path' }, 'endpoint'],
    [{ ...AWS, endpoint: 'https://user:pass@host' }, 'endpoint'],
    [{ ...R2, account_id: '' }, 'account_id'],
    [{ ...R2, account_id: 'abc.evil' }, 'account_id'],
    [{ type: 'sftp' }, 'auth_method'],
    [{ ...SFTP, password: undefined }, 'password'],
    [{ ...SFTP, auth_method: 'KEY' }, 'private_key'],
    [{ ...SFTP, host: undefined }, 'host'],
    [{ ...SFTP, host: 'a b' }, 'host'],
    [{ ...SFTP, username: '' }, 'username'],
    [{ ...SFTP, port: 0 }, 'port'],
    [{ ...SFTP, bucket: 'b' }, 'bucket'],
    [{ ...SFTP, host_key: 'aa:bb' }, 'host_key'],
    [{ ...AWS, acess_key: 'x' }, 'acess_key'],
  ])('like %j is refused, and the field named', (config, field) => {
    expect(refusalOf(config)).toMatch(`BAD_REQUEST: "storage_config.${field}"`);
  });

  it('loses fields that are empty, as the guide sends those that do not apply', () => {
    expect(storageConfig.parse({ ...AWS, host: '', path: '' })).toEqual(AWS);
  });

  it('shows everything but the secrets (SE09)', () => {
    const secrets = { access_key: 'S1', secret: 'S2', password: 'S3', private_key: 'S4' };
    fc.assert(
      fc.property(fc.constantFrom(AWS, SFTP, R2, AZURE, GCS), (config) => {
        const view = publicView({ ...config, ...secrets } as unknown as StorageConfig);
        expect(JSON.stringify(view)).not.toMatch(/S[1-4]/);
        expect(view).toMatchObject({ type: config.type });
      }),
    );
  });
});
