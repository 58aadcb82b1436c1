import type { AddressRule } from '../network/address-guard.js';
import type { StorageConfig } from './config.js';
import type { StorageTarget } from './target.js';

/** The libraries are loaded when the first recording goes out: most servers never need them. */
export async function openTarget(config: StorageConfig, rule: AddressRule): Promise<StorageTarget> {
  if (config.type === 'sftp') return new (await import('./sftp-target.js')).SftpTarget(config, rule);
  if (config.type === 'azure') return new (await import('./azure-target.js')).AzureTarget(config, rule);
  return new (await import('./s3-target.js')).S3Target(config, rule);
}
