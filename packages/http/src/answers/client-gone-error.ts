/** The client went away before its request was whole: there is nobody left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'

  constructor() {
    super('The client closed the connection before its request was complete.')
  }
}
