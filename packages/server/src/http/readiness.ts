/** Answers whether one part of the server can do its work at this moment. */
export type Probe = () => boolean | Promise<boolean>;

export interface ReadinessAnswer {
  ready: boolean;
  /** By name of the part. */
  parts: Record<string, boolean>;
}

/** A probe that takes longer counts as failed. */
const PROBE_TIMEOUT_MS = 1_000;

/** What `/readyz` asks. A failed or slow probe means not ready; requests that come at once share one check. */
export class Readiness {
  #current: Promise<ReadinessAnswer> | null = null;
  #draining = false;

  constructor(private readonly probes: Record<string, Probe>) {}

  /** From now on never ready again: load balancers stop sending. */
  drain(): void {
    this.#draining = true;
  }

  check(): Promise<ReadinessAnswer> {
    this.#current ??= this.#probeAll().finally(() => {
      this.#current = null;
    });
    return this.#current;
  }

  async #probeAll(): Promise<ReadinessAnswer> {
    const probed = await Promise.all(
      Object.entries(this.probes).map(async ([name, probe]) => [name, await passes(probe)] as const),
    );
    const parts = Object.fromEntries([...probed, ['accepting', !this.#draining]]);
    return { ready: Object.values(parts).every(Boolean), parts };
  }
}

async function passes(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
