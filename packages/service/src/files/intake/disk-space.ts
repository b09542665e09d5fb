import type { ServiceEnvironment } from '../../service-environment.ts'

/** New spools stop when less of the disk is free. */
const minFreeShare = 0.05

export const diskFull = `The disk is almost full: uploads stop while less than ${minFreeShare * 100} % is free.`

/** Whether there is room for uploads. Throws where the disk cannot be asked: its folder is gone. */
export function hasSpace({ blobs }: Pick<ServiceEnvironment, 'blobs'>): boolean {
  const { freeBytes, totalBytes } = blobs.freeSpace()
  return freeBytes >= totalBytes * minFreeShare
}
