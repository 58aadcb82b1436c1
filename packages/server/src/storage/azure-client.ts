import { once } from 'node:events';
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  BlobServiceClient,
  type ContainerClient,
  type HttpOperationResponse,
  newPipeline,
  type RequestPolicy,
  type WebResource,
} from '@azure/storage-blob';
import { AddressRefused, type AddressRule, guardedLookup, literalRefusal } from '../network/address-guard.js';
import type { AzureConfig } from './config.js';
import { EndlessAnswer, StorageError } from './errors.js';
import { ANSWER_MAX_BYTES } from './target.js';

/** Throws StorageError (refused) for what is no connection string. */
export function createAzureClient(
  config: AzureConfig,
  rule: AddressRule,
): { container: ContainerClient; close(): void } {
  const { url, credential } = serviceOf(config);
  const agents = guardedAgents(rule);
  const pipeline = newPipeline(credential, {
    // Failed uploads are tried again by their runner, which knows what was sent already.
    retryOptions: { maxTries: 1 },
  });
  pipeline.factories.unshift({ create: (next) => new GuardedRequests(next, agents) });
  return {
    container: new BlobServiceClient(url, pipeline).getContainerClient(config.bucket),
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function serviceOf({ access_key }: AzureConfig): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(access_key);
  } catch {
    throw new StorageError('refused', 'The connection string of the storage account cannot be read');
  }
}

interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
  /** Set once a name has led to a private address; the client keeps only the words of such an error. */
  refused?: AddressRefused;
}

/** The client follows redirects, so that each connection is judged, and not only the first address. */
function guardedAgents(rule: AddressRule): Agents {
  const lookup = guardedLookup(rule);
  const options: AgentOptions = {
    keepAlive: true,
    lookup: (hostname, how, found) =>
      lookup(hostname, how, (error, ...addresses) => {
        if (error instanceof AddressRefused) agents.refused = error;
        found(error, ...addresses);
      }),
  };
  const judge = ({ host }: { host?: string | null }): void => {
    const refusal = host ? literalRefusal(host, rule) : null;
    if (refusal) throw new StorageError('refused', refusal.message);
  };
  const agents: Agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  for (const agent of [agents.http, agents.https]) {
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (target, connected) => {
      judge(target);
      return connect(target, connected);
    };
  }
  return agents;
}

/** What the client lacks: connections under the rule, and an end to answers that have none. */
class GuardedRequests implements RequestPolicy {
  constructor(
    private readonly next: RequestPolicy,
    private readonly agents: Agents,
  ) {}

  async sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    const stop = new AbortController();
    const isInsecure = request.url.startsWith('http:');
    request.agent = isInsecure ? this.agents.http : this.agents.https;
    request.onDownloadProgress = ({ loadedBytes }) => {
      if (loadedBytes > ANSWER_MAX_BYTES) stop.abort(new EndlessAnswer());
    };
    const asked = request.abortSignal as AbortSignal | undefined;
    const signal = asked ? AbortSignal.any([asked, stop.signal]) : stop.signal;
    request.abortSignal = signal;
    const aborted = once(signal, 'abort').then(() => {
      throw signal.reason;
    });
    aborted.catch(() => undefined);
    // Once it reads an answer the client does not hear of an abort any more.
    return await Promise.race([this.next.sendRequest(request), aborted]).catch((error: unknown) => {
      throw this.agents.refused ?? error;
    });
  }
}
