declare module 'vitest' {
  interface TaskMeta {
    /** Items of the web SDK's surface, as scripts/sdk-surface.mjs names them. */
    sdk?: string[];
  }
}

/**
 * Options of a test that proves items of the web SDK, such as `Chat.pin` or, for events, `Chat:pinMessage`. A unit test
 * finds them in the source and asks for each item of the SDK; COMPATIBILITY.md gets their outcome from the report.
 */
export const proves = (...items: string[]) => ({ meta: { sdk: items } });
