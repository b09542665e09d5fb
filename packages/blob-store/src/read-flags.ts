import { constants } from 'node:fs'

/** How a stored file is opened: a pipe that somebody put in the place of one is not waited for, and is damage as it is read. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK
