import { startTcpProxy, type TcpProxy } from '../../../../../tests/support/tcp-proxy.js';

/** A wire to a storage that can be held and cut. */
export interface Gate extends TcpProxy {
  /** Parts of multipart uploads whose requests went by, in order. */
  parts: number[];
}

const PART = /PUT \S*partNumber=(\d+)/;

export async function openGate(targetPort: number): Promise<Gate> {
  const parts: number[] = [];
  const proxy = await startTcpProxy(
    () => targetPort,
    (bytes) => {
      const part = PART.exec(bytes.subarray(0, 2048).toString('latin1'));
      if (part) parts.push(Number(part[1]));
    },
  );
  return { ...proxy, parts };
}
