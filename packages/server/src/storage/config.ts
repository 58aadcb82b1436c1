import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';

/**
 * `storage_config`: where a recording goes besides, or instead of, this server's own folder (features.md RC28, RC29;
 * rest-api.md 1.8.3). Fields are named and nested as the official client's types have them; `endpoint`, `account_id`
 * and `host_key` are additions of ours.
 */

const TEXT_MAX_CHARS = 1024;
/** With a file name behind it, the key of an object stays under S3's 1,024 bytes. */
const PATH_MAX_CHARS = 512;
/** Room for an RSA key of 8192 bits in PEM form, with JSON around it. */
const KEY_MAX_CHARS = 16_384;
const PORT_MAX = 65_535;

/** Taken and never given back (features.md SE09). */
export const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'access_key',
  'secret',
  'password',
  'private_key',
]);

const S3_TYPES = ['aws', 'digitalocean', 'cloudflare'] as const;
const TYPES = [...S3_TYPES, 'azure', 'gcs', 'sftp'] as const;

const text = z.string().max(TEXT_MAX_CHARS);
const REGION = /^[0-9A-Za-z-]*$/;
const CONNECTION_STRING = /(^|;)(AccountKey|SharedAccessSignature)=[^;]/;
const hostName = text.regex(/^[0-9A-Za-z.:_-]*$/, 'must be a host name or an address');

/** A way out of the configured folder, and bytes that no storage takes in a name. */
const UNFIT_PATH = /(^|\/)\.\.?(\/|$)|[\p{Cc}\\]/u;

const path = z
  .string()
  .max(PATH_MAX_CHARS)
  .refine(
    (value) => !UNFIT_PATH.test(value),
    'must not contain . or .. as a folder, \\ or control characters',
  );

const isOrigin = (value: string): boolean => {
  if (value === '') return true;
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return ['http:', 'https:'].includes(url.protocol) && url.href === `${url.origin}/`;
};

const publicFields = {
  type: z.enum(TYPES),
  bucket: text.regex(/^[0-9A-Za-z._-]*$/, 'must contain only letters, digits, dots, - and _').optional(),
  region: text.optional(),
  path: path.optional(),
  auth_method: z.enum(['KEY', 'PASSWORD']).optional(),
  host: hostName.optional(),
  port: z.int().min(1).max(PORT_MAX).optional(),
  username: text.optional(),
  /** Origin of an S3-compatible server other than the type's own. */
  endpoint: text.refine(isOrigin, 'must be a valid uri of scheme http or https without a path').optional(),
  /** Of Cloudflare, for R2. */
  account_id: text.regex(/^[0-9A-Za-z]*$/, 'must contain only letters and digits').optional(),
  /** Fingerprint of the SFTP server's key, as OpenSSH prints it. */
  host_key: text
    .regex(/^(SHA256:[0-9A-Za-z+/]{43})?$/, 'must have the form SHA256:<43 characters>')
    .optional(),
};

const fields = z.strictObject({
  ...publicFields,
  access_key: text.optional(),
  secret: z.string().max(KEY_MAX_CHARS).optional(),
  password: text.optional(),
  private_key: z.string().max(KEY_MAX_CHARS).optional(),
});
type Fields = z.infer<typeof fields>;
type Field = keyof Fields;

/** What a storage of each kind must and may have, in the order in which a missing field is named. */
function rulesOf(storage: Fields): { required: Field[]; optional: Field[] } {
  if (storage.type === 'sftp') {
    const proof: Field = storage.auth_method === 'KEY' ? 'private_key' : 'password';
    return {
      required: ['auth_method', proof, 'host', 'username'],
      optional: ['port', 'path', 'password', 'private_key', 'host_key'],
    };
  }
  // Where the container lies is in the connection string, and Google finds its buckets by their names alone.
  if (storage.type === 'azure') return { required: ['access_key', 'bucket'], optional: ['path', 'region'] };
  if (storage.type === 'gcs') {
    return { required: ['secret', 'bucket'], optional: ['access_key', 'path', 'region', 'endpoint'] };
  }
  const isR2 = storage.type === 'cloudflare';
  const place: Field = isR2 ? 'account_id' : 'region';
  return {
    required: ['access_key', ...(isR2 && isGiven(storage.endpoint) ? [] : [place]), 'secret', 'bucket'],
    optional: ['path', 'endpoint', 'region', place],
  };
}

/** Empty is as good as absent: the guide asks for empty strings where a field does not apply. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== '';

/** Adds one issue for each field that is missing, and for each that belongs to another type. */
function checkFields(storage: Fields, context: z.core.$RefinementCtx): void {
  const refuse = (field: Field, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  const { required, optional } = rulesOf(storage);
  const known = new Set<Field>(['type', ...required, ...optional]);
  for (const field of required) if (!isGiven(storage[field])) refuse(field, 'is required');
  for (const field of Object.keys(storage) as Field[]) {
    if (!known.has(field) && isGiven(storage[field]))
      refuse(field, `is not allowed with type ${storage.type}`);
  }
  const flaw = flawOf(storage);
  if (flaw) refuse(...flaw);
}

/** A value that cannot be right for its type, whose shape says what it is. */
function flawOf({ type, region, access_key, secret }: Fields): [Field, string] | null {
  if (type === 'azure' && isGiven(access_key) && !CONNECTION_STRING.test(access_key!)) {
    return ['access_key', 'must be the connection string of a storage account'];
  }
  if (type === 'gcs' && !isGiven(access_key) && isGiven(secret) && !readServiceAccountKey(secret!)) {
    return [
      'secret',
      'must be the JSON key of a service account, or come with the access_key of an HMAC key',
    ];
  }
  // It becomes part of a host name.
  if (type !== 'azure' && type !== 'gcs' && !REGION.test(region ?? '')) {
    return ['region', 'must contain only letters, digits and -'];
  }
  return null;
}

/** The key file of a service account, as Google hands it out; `private_key` is PEM. */
export interface ServiceAccountKey {
  client_email: string;
  private_key: string;
  private_key_id?: string;
  token_uri?: string;
}

const serviceAccountKey = z.object({
  type: z.literal('service_account'),
  client_email: text.min(1),
  private_key: z.string().min(1),
  private_key_id: text.optional(),
  token_uri: z.url({ protocol: /^https?$/ }).optional(),
});

/** Null for a text that is no such file, or one whose key cannot be read. */
export function readServiceAccountKey(secret: string): ServiceAccountKey | null {
  try {
    const key = serviceAccountKey.parse(JSON.parse(secret));
    createPrivateKey(key.private_key);
    return key;
  } catch {
    return null;
  }
}

export interface S3Config {
  type: (typeof S3_TYPES)[number];
  access_key: string;
  secret: string;
  bucket: string;
  region?: string;
  path?: string;
  endpoint?: string;
  account_id?: string;
}

export interface GcsConfig {
  type: 'gcs';
  /** Of an HMAC key. Without it the secret is a service account's key file. */
  access_key?: string;
  secret: string;
  bucket: string;
  path?: string;
  /** Only shown: the name of a bucket is enough to find it. */
  region?: string;
  endpoint?: string;
}

export interface AzureConfig {
  type: 'azure';
  /** The connection string of the storage account. */
  access_key: string;
  /** The container. */
  bucket: string;
  path?: string;
  /** Only shown: the connection string says where the container lies. */
  region?: string;
}

export interface SftpConfig {
  type: 'sftp';
  host: string;
  port?: number;
  username: string;
  auth_method: 'KEY' | 'PASSWORD';
  /** With KEY: the passphrase of the private key. */
  password?: string;
  private_key?: string;
  path?: string;
  host_key?: string;
}

/** A storage as its owner configured it, with the secrets: to be sealed before it is kept (`sealing.ts`). */
export type StorageConfig = S3Config | GcsConfig | AzureConfig | SftpConfig;

/** Leaves out what is empty; the rules above make the rest one of these shapes. */
const withoutEmpty = (storage: Fields): StorageConfig =>
  Object.fromEntries(
    Object.entries(storage).filter(([, value]) => isGiven(value)),
  ) as unknown as StorageConfig;

export const storageConfig = fields.superRefine(checkFields).transform(withoutEmpty);

/** What replies show: everything but the secrets. */
export const storageConfigView = z.object(publicFields);
export type StorageConfigView = z.infer<typeof storageConfigView>;

/** The schema of the view knows no secret, so none passes it. */
export const publicView = (config: StorageConfig): StorageConfigView => storageConfigView.parse(config);
