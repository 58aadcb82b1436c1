import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { SettingsError } from '../config/load.js';
import { hostNameOf, SDK_HOST_PREFIXES } from '../config/sdk-hosts.js';
import type { Settings } from '../config/settings.js';
import type { CertifiedKey } from './certificates.js';

/** What the TLS port shows. */
export interface TlsIdentity extends CertifiedKey {
  /** Path of the authority that clients must be told to trust; null with a certificate of one's own. */
  authorityPath: string | null;
}

type TlsSettings = Pick<Settings, 'tlsCert' | 'tlsKey' | 'dataDir' | 'baseDomain'>;

const RENEW_BEFORE_MS = 30 * 86_400_000;

/**
 * The certificate of the settings, else the one in the data directory: made at the first start, and again when it
 * is about to expire or the base domain has changed. Throws SettingsError when the files of the settings do not do.
 */
export async function loadTlsIdentity(settings: TlsSettings, clock: Clock): Promise<TlsIdentity> {
  if (settings.tlsCert && settings.tlsKey) return ownCertificate(settings.tlsCert, settings.tlsKey);

  const dir = join(settings.dataDir, 'tls');
  const base = hostNameOf(settings.baseDomain);
  const now = clock.now();
  await mkdir(dir, { recursive: true });

  const authority = (await readPair(dir, 'ca', now, [base])) ?? (await newAuthority(dir, base, now));
  const known = await readPair(dir, 'server', now, namesFor(base), authority.cert);
  const pair = known ?? (await newCertificate(dir, authority, base, now));
  return { ...pair, authorityPath: join(dir, 'ca.pem') };
}

/**
 * The public keys of the certificate that was made here and of its authority, which nobody else has a reason to trust:
 * each as the base64 of the SHA-256 of its SubjectPublicKeyInfo. Empty with a certificate of the settings.
 */
export async function ownKeyHashes({
  tlsCert,
  dataDir,
}: Pick<Settings, 'tlsCert' | 'dataDir'>): Promise<string[]> {
  if (tlsCert) return [];
  const paths = ['server.pem', 'ca.pem'].map((name) => join(dataDir, 'tls', name));
  const certificates = await Promise.all(paths.map((path) => readFile(path)));
  return certificates.map((pem) => {
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(key).digest('base64');
  });
}

async function newAuthority(dir: string, base: string, now: Date): Promise<CertifiedKey> {
  const { createAuthority } = await certificates();
  return writePair(dir, 'ca', await createAuthority([...new Set(['localhost', base])], now));
}

async function newCertificate(
  dir: string,
  authority: CertifiedKey,
  base: string,
  now: Date,
): Promise<CertifiedKey> {
  const { issueCertificate } = await certificates();
  return writePair(dir, 'server', await issueCertificate(authority, namesFor(base), now));
}

/** Loaded when needed: making certificates takes much code, and most starts make none. */
const certificates = () => import('./certificates.js');

/** Everything that a client on this machine or of the base domain may call the server. */
function namesFor(base: string): string[] {
  const sdkHosts = SDK_HOST_PREFIXES.map((prefix) => `${prefix}.${base}`);
  return [...new Set([base, ...sdkHosts, 'localhost', '*.localhost', '127.0.0.1', '::1'])];
}

async function ownCertificate(certPath: string, keyPath: string): Promise<TlsIdentity> {
  const cert = await readOwnFile('PARLEY_TLS_CERT', certPath);
  const key = await readOwnFile('PARLEY_TLS_KEY', keyPath);
  let matches: boolean;
  try {
    matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new SettingsError(`PARLEY_TLS_CERT or PARLEY_TLS_KEY is not a PEM file: ${certPath}, ${keyPath}`);
  }
  if (!matches) throw new SettingsError(`PARLEY_TLS_KEY is not the key of PARLEY_TLS_CERT: ${keyPath}`);
  return { cert, key, authorityPath: null };
}

async function readOwnFile(setting: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error) => {
    throw new SettingsError(`${setting}: ${path} cannot be read (${error.code})`);
  });
}

/** Null when the pair is missing, unreadable, about to expire, not for all `names`, or of another authority. */
async function readPair(
  dir: string,
  name: string,
  now: Date,
  names: string[],
  authorityCert?: string,
): Promise<CertifiedKey | null> {
  try {
    const [cert, key] = await Promise.all(
      ['pem', 'key'].map((suffix) => readFile(join(dir, `${name}.${suffix}`), 'utf8')),
    );
    const parsed = new X509Certificate(cert!);
    const lasts = Date.parse(parsed.validTo) - now.getTime() > RENEW_BEFORE_MS;
    const issued = !authorityCert || parsed.verify(new X509Certificate(authorityCert).publicKey);
    const fits = authorityCert ? names.every((wanted) => covers(parsed, wanted)) : permits(parsed, names);
    if (lasts && issued && fits && parsed.checkPrivateKey(createPrivateKey(key!)))
      return { cert: cert!, key: key! };
  } catch {
    // A file that is missing or was cut off is made anew.
  }
  return null;
}

function covers(cert: X509Certificate, name: string): boolean {
  const listed = cert.subjectAltName?.split(', ') ?? [];
  return listed.includes(`DNS:${name}`) || cert.checkIP(name) !== undefined;
}

/** The authority's limits are ASN.1 that Node does not show; a name in them stands in the bytes as it is. */
function permits(authority: X509Certificate, domains: string[]): boolean {
  return domains.every((domain) => authority.raw.includes(derName(domain)));
}

function derName(domain: string): Buffer {
  const DNS_NAME_TAG = 0x82;
  return Buffer.concat([Buffer.from([DNS_NAME_TAG, domain.length]), Buffer.from(domain)]);
}

async function writePair(dir: string, name: string, pair: CertifiedKey): Promise<CertifiedKey> {
  await writeWhole(join(dir, `${name}.key`), pair.key, 0o600);
  await writeWhole(join(dir, `${name}.pem`), pair.cert, 0o644);
  return pair;
}

/** Never leaves half a file, and never shows a key to others for a moment. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}
