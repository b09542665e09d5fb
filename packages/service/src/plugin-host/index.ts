export { createPluginHost } from './plugin-host.ts'
export type {
  FollowedValidation,
  FollowRequest,
  PluginClock,
  PluginContent,
  PluginEntry,
  PluginHost,
  PluginHostLimits,
  PluginHostOptions,
  PluginLogger,
  PurposeInfo,
  ReactionInfo,
  ValidatedBy,
  ValidationOutcome,
  ValidationRequest,
} from './types.ts'
