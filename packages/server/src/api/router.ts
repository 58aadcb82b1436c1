import { OpenAPIHono, type z } from '@hono/zod-openapi';
import type { Settings } from '../config/settings.js';
import type { FileLinks } from '../files/links.js';
import { validationError } from '../http/validation.js';
import type { AppId } from '../ids.js';
import type { Services } from '../services.js';
import type { Webhooks } from '../webhooks/webhooks.js';

/** What the management API needs of the server. */
export interface ManagementServices extends Omit<Services, 'settings'> {
  settings: Pick<
    Settings,
    | 'maxBodyBytes'
    | 'baseDomain'
    | 'rtmpPort'
    | 'rtmpsPort'
    | 'apiRequestsPer5Minutes'
    | 'recordingRequestsPer50Seconds'
  >;
  links: FileLinks;
  webhooks: Pick<Webhooks, 'redeliver'>;
}

/** What authorisation leaves behind for the handlers of one app. */
export interface AppScope {
  Variables: { accountId: string; tokenId: string; appId: AppId };
}

/** What the hook is given; its declared type leaves out the value that was judged. */
type Judgement = { success: true } | { success: false; error: z.ZodError; data: unknown };

/** A router whose routes refuse what does not fit their schemas, in the words of `validation.ts`. */
export const resourceRouter = () =>
  new OpenAPIHono<AppScope>({
    defaultHook: (result) => {
      const judgement = result as Judgement;
      if (!judgement.success) throw validationError(judgement.error.issues, judgement.data);
    },
  });
