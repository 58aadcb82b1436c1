import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Where a transaction is held: the database has not heard of the commit, or the server has not heard that it is done. */
export type Moment = 'before commit' | 'after commit';

export interface HeldTransaction {
  /** Lets it go on. */
  release(): void;
  /** Breaks its connection, as a network between server and database may. */
  break(): void;
  /** Breaks it for the server; what was held still reaches the database, that much later. */
  breakAndDeliver(afterMs: number): void;
}

/** A wire between the server and its Postgres on which a test can stop a transaction at its commit. */
export interface PostgresProxy {
  /** For `DATABASE_URL`. */
  url: string;
  /** Resolves when the next transaction whose statements contain the text has come to that moment. */
  hold(moment: Moment, containing: string): Promise<HeldTransaction>;
  close(): Promise<void>;
}

interface Trap {
  moment: Moment;
  containing: string;
  caught(held: HeldTransaction): void;
}

const simpleQuery = (sql: string) => {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.from([0x51, 0, 0, 0, text.length + 4]);
  return Buffer.concat([head, text]);
};
const BEGIN = simpleQuery('begin');
const COMMIT = simpleQuery('commit');

export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const database = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let trap: Trap | null = null;

  const server = createServer((inbound) => {
    const outbound = connect(Number(database.port), database.hostname);
    /** What the present transaction has said until now. */
    let said = '';
    /** The answer to a held commit; null while answers pass. */
    let kept: Buffer[] | null = null;
    let caughtBy: Trap | null = null;
    /** The server's end is gone, and the database's is still needed. */
    let isLate = false;

    const passAnswers = () => {
      for (const one of kept ?? []) inbound.write(one);
      kept = null;
    };
    inbound.on('data', (chunk: Buffer) => {
      said = chunk.equals(BEGIN) ? '' : said + chunk.toString('latin1');
      if (!trap || !chunk.equals(COMMIT) || !said.includes(trap.containing)) {
        outbound.write(chunk);
        return;
      }
      const { moment, caught } = trap;
      if (moment === 'before commit') {
        caught({
          release: () => outbound.write(chunk),
          break: () => inbound.destroy(),
          breakAndDeliver(afterMs) {
            isLate = true;
            inbound.destroy();
            setTimeout(() => outbound.end(chunk), afterMs);
          },
        });
      } else {
        kept = [];
        caughtBy = trap;
        outbound.write(chunk);
      }
      trap = null;
    });
    outbound.on('data', (chunk: Buffer) => {
      if (!kept) {
        inbound.write(chunk);
        return;
      }
      kept.push(chunk);
      const cut = () => inbound.destroy();
      caughtBy?.caught({ release: passAnswers, break: cut, breakAndDeliver: cut });
      caughtBy = null;
    });
    for (const [one, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        if (!isLate) other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    url: Object.assign(new URL(database), { host: `127.0.0.1:${address.port}` }).href,
    hold: (moment, containing) =>
      new Promise((caught) => {
        trap = { moment, containing, caught };
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
