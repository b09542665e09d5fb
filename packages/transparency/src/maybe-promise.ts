/** At once from a synchronous source, later from an asynchronous one. `await` takes both. */
export type MaybePromise<T> = T | Promise<T>
