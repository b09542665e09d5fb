/** At once on a synchronous driver, later on an asynchronous one. `await` takes both. */
export type MaybePromise<T> = T | Promise<T>
