import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** Programs that a recorder starts, as absolute paths. */
export interface Tools {
  chromium: string;
  ffmpeg: string;
  ffprobe: string;
}

/** In the order of preference. */
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Programs that the operator has chosen, by path; the others are looked up in the PATH. */
export interface ChosenTools {
  chromium?: string | null;
  ffmpeg?: string | null;
}

/** The programs that a recorder needs, or one sentence that says what to install. */
export async function findTools(chosen: ChosenTools = {}): Promise<Tools | string> {
  const chromium = await firstExecutable(chosen.chromium ? [chosen.chromium] : CHROMIUM_NAMES);
  const ffmpeg = await firstExecutable([chosen.ffmpeg ?? 'ffmpeg']);
  const ffprobe = await firstExecutable(ffmpeg ? [join(dirname(ffmpeg), 'ffprobe'), 'ffprobe'] : ['ffprobe']);
  if (chromium && ffmpeg && ffprobe) return { chromium, ffmpeg, ffprobe };
  const missing = [...(chromium ? [] : ['chromium']), ...(ffmpeg && ffprobe ? [] : ['ffmpeg'])];
  return `Recording needs ${missing.join(' and ')} on the server: apt install ${missing.join(' ')}`;
}

/** What to install before anything can be recorded, as one sentence; null when all is there. */
export async function missingTools(chosen: ChosenTools = {}): Promise<string | null> {
  const tools = await findTools(chosen);
  return typeof tools === 'string' ? tools : null;
}

async function firstExecutable(names: readonly string[]): Promise<string | null> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const candidates = names.flatMap((name) =>
    isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name)),
  );
  for (const path of candidates) {
    const mayRun = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (mayRun) return path;
  }
  return null;
}
