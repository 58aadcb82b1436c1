import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** False where this account may not mount; tests of full disks are skipped there. */
export const mayMount =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true'], { stdio: 'ignore' }).status === 0;

const BALLAST = 'ballast';

/** A file system of its own, in memory, that can be filled to the last byte. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static mount(kib: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'parley-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=0755`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  /** Leaves no room; `free` gives it back. */
  fill(): void {
    try {
      for (;;) appendFileSync(join(this.folder, BALLAST), Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  free(): void {
    rmSync(join(this.folder, BALLAST), { force: true });
  }

  grow(kib: number): void {
    execFileSync('mount', ['-o', `remount,size=${kib}k`, this.folder]);
  }

  /** Lazily, since a process that was ended may not have let go of its files yet. */
  unmount(): void {
    execFileSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}
