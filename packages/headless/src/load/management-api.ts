const REQUEST_TIMEOUT_MS = 60_000;

export interface ManagementApiOptions {
  /** Up to and including `/client/v4`. */
  apiUrl: string;
  accountId: string;
  apiToken: string;
}

/** The few calls of the management API that a load run needs. Each rejects with the status and the answer's text. */
export class ManagementApi {
  constructor(private readonly options: ManagementApiOptions) {}

  async firstAppId(): Promise<string> {
    const apps = await this.call<{ id: string }[]>('GET', '/apps');
    if (apps[0] === undefined) throw new Error('The account has no app.');
    return apps[0].id;
  }

  async createMeeting(appId: string, title: string): Promise<string> {
    const meeting = await this.call<{ id: string }>('POST', `/${appId}/meetings`, { title });
    return meeting.id;
  }

  /** Nobody can join any more; those inside stay. */
  async deactivateMeeting(appId: string, meetingId: string): Promise<void> {
    await this.call('PATCH', `/${appId}/meetings/${meetingId}`, { status: 'INACTIVE' });
  }

  /** The token of a new participant. */
  async addParticipant(
    appId: string,
    meetingId: string,
    participant: { name: string; preset_name: string; custom_participant_id: string },
  ): Promise<string> {
    const path = `/${appId}/meetings/${meetingId}/participants`;
    return (await this.call<{ token: string }>('POST', path, participant)).token;
  }

  /** The number of peers that were removed. */
  async kickAll(appId: string, meetingId: string): Promise<number> {
    const path = `/${appId}/meetings/${meetingId}/active-session/kick-all`;
    return (await this.call<{ kicked_participants_count: number }>('POST', path)).kicked_participants_count;
  }

  private async call<Data>(method: string, path: string, body?: object): Promise<Data> {
    const { apiUrl, accountId, apiToken } = this.options;
    const url = `${apiUrl}/accounts/${accountId}/realtime/kit${path}`;
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${apiToken}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }).catch((error: Error) => {
      // What went wrong stands in the cause alone.
      throw new Error(`${method} ${pathPattern(path)} of ${apiUrl}: ${reasonOf(error)}`);
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${pathPattern(path)}: ${response.status} ${text}`);
    return (JSON.parse(text) as { data: Data }).data;
  }
}

function reasonOf({ cause, message }: Error): string {
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message : message;
}

/** Ids left out, so that the same failure of many requests is counted as one. */
function pathPattern(path: string): string {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');
}
