export interface SdkItem {
  id: string;
  kind: 'method' | 'property' | 'event';
}
export function readSdkSurface(text?: string): SdkItem[];
