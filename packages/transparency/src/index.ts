export { canonicalBytes, canonicalJson } from './canonical-json.ts'
export {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
} from './checkpoint/checkpoint.ts'
export { formatOrigin, type LogOrigin, parseOrigin } from './checkpoint/log-origin.ts'
export { type OpenedCheckpoint, openCheckpoint } from './checkpoint/open-checkpoint.ts'
export {
  commitment,
  commitmentOfText,
  saltBytes,
  verifyCommitment,
} from './commitment.ts'
export {
  appendLeaves,
  type LeafAppend,
  type TileUpdate,
  tileHeight,
  tileWidth,
} from './merkle/append-leaves.ts'
export { consistencyProof, verifyConsistency } from './merkle/consistency-proof.ts'
export {
  decodeFrontier,
  type Extension,
  emptyFrontier,
  encodeFrontier,
  extendFrontier,
  type Frontier,
  frontierRoot,
  type SubtreeRun,
} from './merkle/frontier.ts'
export { hashBytes, leafHash, leafHashOfText, nodeHash } from './merkle/hash.ts'
export { readFrontier } from './merkle/hash-ranges.ts'
export { inclusionProof, verifyInclusion } from './merkle/inclusion-proof.ts'
export {
  type ExpandedTile,
  expandTile,
  type ReadTile,
  type TileCoordinates,
  tileWidthAt,
} from './merkle/tile.ts'
export {
  formatSignerKey,
  formatVerifierKey,
  makeSignerKey,
  makeVerifierKey,
  parseSignerKey,
  parseVerifierKey,
  type SignerKey,
  type VerifierKey,
} from './note/note-key.ts'
export {
  formatNote,
  maxNoteBytes,
  maxNoteSignatures,
  type NoteSignature,
  type OpenedNote,
  openNote,
  parseNote,
  type SignedNote,
  signNote,
} from './note/signed-note.ts'
export { UnverifiedError, type UnverifiedReason } from './note/unverified-error.ts'
export {
  type ConsistencyProof,
  formatConsistencyProof,
  openConsistencyProof,
  parseConsistencyProof,
} from './proofs/consistency-proof.ts'
export {
  formatTlogProof,
  openTlogProof,
  parseTlogProof,
  type TlogProof,
} from './proofs/tlog-proof.ts'
export { type OpenedReceipt, openReceipt } from './receipt/open-receipt.ts'
export {
  formatReceipt,
  type PrivateGroup,
  parseReceipt,
  type Receipt,
} from './receipt/receipt.ts'
export { MalformedError } from './text/malformed-error.ts'
export {
  decodeEntryBundle,
  encodeEntryBundle,
  maxEntryBytes,
} from './tiles/entry-bundle.ts'
export { parseTilePath, type TilePath, tilePath } from './tiles/tile-path.ts'
