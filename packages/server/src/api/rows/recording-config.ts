import type { SealedStorage, SecretBox } from '../../storage/sealing.js';
import type { RecordingConfig, RecordingConfigView } from '../schemas/recording-config.js';

/** As in the column: the secrets of a storage are sealed. */
export interface StoredRecordingConfig extends Omit<RecordingConfig, 'storage_config'> {
  storage_config?: SealedStorage | null;
}

export const sealed = (
  { storage_config: storage, ...rest }: RecordingConfig,
  secrets: SecretBox,
): StoredRecordingConfig => ({
  ...rest,
  ...(storage !== undefined && { storage_config: storage && secrets.sealStorage(storage) }),
});

export const withoutSecrets = ({
  storage_config: storage,
  ...rest
}: StoredRecordingConfig): RecordingConfigView => ({
  ...rest,
  ...(storage !== undefined && { storage_config: storage === null ? null : storage.shown }),
});
