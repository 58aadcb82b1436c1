import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SettingsError } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { publicView, SECRET_FIELDS, type StorageConfig, type StorageConfigView } from './config.js';
import { StorageError } from './errors.js';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';
const KEY_FILE = 'storage.key';

/** A storage as it is kept in the tables: as it may be shown, and its secrets as one sealed text. */
export interface SealedStorage {
  shown: StorageConfigView;
  sealed: string;
}

/** Seals secrets at rest, with AES-256-GCM under the installation's key. */
export class SecretBox {
  readonly #key: Buffer;
  /** Tells a text that another key sealed from one that was tampered with. */
  readonly #keyId: string;

  /** The key has 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key;
    this.#keyId = createHash('sha256').update(key).digest('hex').slice(0, 8);
  }

  sealStorage(config: StorageConfig): SealedStorage {
    const secrets = Object.entries(config).filter(([field]) => SECRET_FIELDS.has(field));
    const shown = publicView(config);
    return { shown, sealed: this.#seal(JSON.stringify(Object.fromEntries(secrets)), placeOf(shown)) };
  }

  /** Throws StorageError (refused) when the secrets were sealed with another key or are damaged. */
  openStorage({ shown, sealed }: SealedStorage): StorageConfig {
    return { ...shown, ...JSON.parse(this.#open(sealed, placeOf(shown))) } as StorageConfig;
  }

  /** For a secret that belongs to one thing alone, named by `place`: nothing else opens it. */
  sealText(text: string, place: string): string {
    return this.#seal(text, Buffer.from(place));
  }

  /** Throws StorageError (refused) as `openStorage` does. */
  openText(sealed: string, place: string): string {
    return this.#open(sealed, Buffer.from(place));
  }

  #seal(text: string, place: Buffer): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(place);
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return [VERSION, this.#keyId, sealed.toString('base64url')].join('.');
  }

  #open(text: string, place: Buffer): string {
    const [version, keyId, body = ''] = text.split('.');
    if (version !== VERSION || keyId !== this.#keyId) {
      throw new StorageError('refused', 'The secrets were sealed with another key');
    }
    const sealed = Buffer.from(body, 'base64url');
    try {
      const decipher = createDecipheriv(ALGORITHM, this.#key, sealed.subarray(0, NONCE_BYTES));
      decipher.setAAD(place).setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]).toString('utf8');
    } catch {
      throw new StorageError('refused', 'The sealed secrets are damaged');
    }
  }
}

/** What the secrets are bound to: in another place, such as on another host, they do not open. */
const placeOf = (shown: StorageConfigView): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1))));

/**
 * The box with the key of the settings, else with the one in the data folder, which is made at the first start and
 * readable by the server's account alone. Throws SettingsError when the file holds no key.
 */
export async function openSecretBox({
  storageKey,
  dataDir,
}: Pick<Settings, 'storageKey' | 'dataDir'>): Promise<SecretBox> {
  if (storageKey) return new SecretBox(Buffer.from(storageKey, 'hex'));
  const file = join(dataDir, KEY_FILE);
  const text = (await readKey(file)) ?? (await makeKey(file));
  if (!/^[0-9a-f]{64}$/.test(text.trim()))
    throw new SettingsError(`${file} does not hold a key of 32 bytes in hex`);
  return new SecretBox(Buffer.from(text.trim(), 'hex'));
}

async function readKey(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Appears whole and on the disk, or not at all: what is sealed with half a key is lost. */
async function makeKey(file: string): Promise<string> {
  const text = `${randomBytes(KEY_BYTES).toString('hex')}\n`;
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return await readFile(file, 'utf8');
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
