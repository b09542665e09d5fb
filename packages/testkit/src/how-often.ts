/**
 * How often a test tries what it draws at random: `ordinary` times, or `all` where the environment has `TEST_ROUNDS=all`.
 * The test tells its seed.
 */
export function howOften(ordinary: number, all: number): number {
  return process.env.TEST_ROUNDS === 'all' ? all : ordinary
}
