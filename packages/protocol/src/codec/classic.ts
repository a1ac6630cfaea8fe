/**
 * The wire of the csce438 programs (package csce438): checks their messages, and translates answers for them.
 */
import { isIP } from 'node:net';
import {
  type Address,
  type AuxiliaryProcess,
  type ClusterId,
  DualpingError,
  type Heartbeat,
  MAX_POST_LENGTH,
  type MemberInfo,
  NO_POSITION,
  type Post,
  quote,
  SERVER_TYPE,
  type UserName,
} from '@dualping/core';
import { Metadata } from '@grpc/grpc-js';
import { parseAddress } from '../address.js';
import type * as coordinator from '../gen/csce438/coordinator.js';
import * as sns from '../gen/csce438/sns.js';
import { encodeReusing } from '../writer.js';
import { addressFrom, clusterFrom, refuse, serverIdFrom, userFrom } from './judge.js';

/** Programs use one of two keys. */
const CLUSTER_KEYS = ['cluster-id', 'clusterid'] as const;
const SYNCHRONIZER_KEY = 'synchronizer';
const SYNCHRONIZER_TYPE = 'synchronizer';
/**
 * Hosts that stand for the caller's own address: a program that listens everywhere doesn't know its address.
 */
const WILDCARDS: readonly string[] = ['0.0.0.0', '::', '[::]'];

/** Longest type of an auxiliary process: a word. */
const MAX_TYPE_LENGTH = 32;
const TYPE = /^[A-Za-z0-9_-]+$/;
/** Longest path and longest data under it, UTF-16 units: names and addresses, not documents. */
const MAX_PATH_LENGTH = 256;
const MAX_PATH_DATA_LENGTH = 1_000;

function textOf(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key)[0];
  return typeof value === 'string' ? value.trim() : undefined;
}

/** The host of a peer as gRPC gives it: `127.0.0.1:5000`, `::1:5000`, `::ffff:10.0.0.1:5000`. */
export function hostOfPeer(peer: string): string {
  const host = peer.slice(0, peer.lastIndexOf(':')).replace(/^::ffff:(?=[0-9.]+$)/, '');
  if (isIP(host) === 0) refuse(`the address of the caller is not known: ${quote(peer)}`);
  return host;
}

/**
 * The cluster that a heartbeat names: in the metadata, or in field 5. Some programs name none, because their
 * server id is the cluster; that is accepted if there is such a cluster.
 */
function clusterOfHeartbeat(info: coordinator.ServerInfo, metadata: Metadata, clusters: number): ClusterId {
  const stated = CLUSTER_KEYS.map((key) => textOf(metadata, key)).find((value) => value !== undefined);
  if (stated !== undefined) {
    if (!/^[0-9]+$/.test(stated)) refuse(`cluster-id ${quote(stated)} is not a number`);
    return clusterFrom(Number(stated));
  }
  if (info.clusterID !== 0) return clusterFrom(info.clusterID);
  if (info.serverID >= 1 && info.serverID <= clusters) return clusterFrom(info.serverID);
  return refuse(
    `metadata "cluster-id" (or "clusterid") is missing, and so is clusterID; serverID "${info.serverID}" is no cluster: there are ${clusters}`,
  );
}

/**
 * Most programs leave the type of a server empty, or write it in capitals. Any other word is the type of an
 * auxiliary process.
 */
function typeOfHeartbeat({ type }: coordinator.ServerInfo, metadata: Metadata): string {
  if (textOf(metadata, SYNCHRONIZER_KEY) === 'yes') return SYNCHRONIZER_TYPE;
  if (type === '' || type.toLowerCase() === SERVER_TYPE) return SERVER_TYPE;
  if (type.length > MAX_TYPE_LENGTH || !TYPE.test(type))
    refuse(`type ${quote(type)} is not a word of at most ${MAX_TYPE_LENGTH} characters`);
  return type;
}

/** `clusters`: how many there are. */
export function heartbeatFromWire(
  info: coordinator.ServerInfo,
  metadata: Metadata,
  peer: string,
  clusters: number,
): Heartbeat {
  const host = WILDCARDS.includes(info.hostname) ? hostOfPeer(peer) : info.hostname;
  return {
    cluster: clusterOfHeartbeat(info, metadata, clusters),
    serverId: serverIdFrom(info.serverID),
    address: addressFrom(
      host.includes(':') && !host.startsWith('[') ? `[${host}]:${info.port}` : `${host}:${info.port}`,
    ),
    type: typeOfHeartbeat(info, metadata),
  };
}

/**
 * The meaning of `Confirmation.status`. `accepted`: true for everything that is registered; most programs
 * take false for a refusal, and some abort. `primary`: true for the server that clients are sent to, and the
 * first of each other type.
 */
export const CLASSIC_CONFIRMATIONS = ['accepted', 'primary'] as const;
export type ClassicConfirmation = (typeof CLASSIC_CONFIRMATIONS)[number];

/**
 * Users of the classic wire are numbers, which are assigned to the clusters in turn; so a cluster's own
 * number gives that cluster.
 */
export const classicUserOf = ({ id }: coordinator.ID): UserName => userFrom(String(id));

/** The answer of csce438 coordinators when no server is available. */
export const NO_CLASSIC_SERVER: coordinator.ServerInfo = Object.freeze({
  serverID: -1,
  hostname: '',
  port: '',
  type: '',
  clusterID: 0,
  isMaster: false,
});

function placeToWire(address: Address): { hostname: string; port: string } {
  const { host, port } = parseAddress(address);
  return { hostname: host, port: String(port) };
}

export const memberToClassic = (
  member: MemberInfo,
  clusterID: number,
  isMaster: boolean,
): coordinator.ServerInfo => ({
  serverID: member.serverId,
  ...placeToWire(member.address),
  type: SERVER_TYPE,
  clusterID,
  isMaster,
});

export const auxiliaryToClassic = (
  auxiliary: AuxiliaryProcess,
  isMaster: boolean,
): coordinator.ServerInfo => ({
  serverID: auxiliary.serverId,
  ...placeToWire(auxiliary.address),
  type: auxiliary.type,
  clusterID: auxiliary.cluster,
  isMaster,
});

/** The address that a client is sent to; undefined when no server is available. */
export function classicAddressFromWire(info: coordinator.ServerInfo): Address | undefined {
  if (info.serverID < 0 || info.hostname === '' || info.port === '') return undefined;
  const { hostname, port } = info;
  return addressFrom(hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`);
}

export function pathFromWire({ path }: { readonly path: string }): string {
  if (path === '') refuse('path is missing');
  if (path.length > MAX_PATH_LENGTH)
    refuse(`path ${quote(path)} has ${path.length} characters, at most ${MAX_PATH_LENGTH} are allowed`);
  return path;
}

export interface PathAndData {
  readonly path: string;
  readonly data: string;
}

export function pathAndDataFromWire(request: coordinator.PathAndData): PathAndData {
  const path = pathFromWire(request);
  const { data } = request;
  if (data.length > MAX_PATH_DATA_LENGTH)
    refuse(`data of path ${quote(path)} has ${data.length} characters, at most ${MAX_PATH_DATA_LENGTH}`);
  return { path, data };
}

// The social network.

export const classicRequesterFromWire = ({ username }: sns.Request): UserName => userFrom(username);

/** Undefined when there is none; one that can't be a user's name is refused as `invalid-user-name`. */
export function classicTargetFromWire(request: sns.Request): UserName | undefined {
  const [target] = request.arguments;
  return target === undefined || target === '' ? undefined : userFrom(target);
}

const LINE_END = /[\r\n]+$/;
/**
 * Characters that no post may have. Most of them can be typed (a tab), and no reply on this wire could refuse
 * them, so they become spaces.
 */
const NOT_IN_POST = /(?!\n)[\p{Cc}\u2028\u2029]/gu;
const LONE_SURROGATES = /\p{Cs}/gu;

/**
 * The posts in a message that a program read with `fgets`: without the line end, with control characters as
 * spaces. Programs send up to 100 kB at once; that becomes several posts, in order. None when nothing is
 * left.
 */
export function classicPostsFromWire({ msg }: sns.Message): readonly string[] {
  const text = msg.replace(LINE_END, '').replace(NOT_IN_POST, ' ').replace(LONE_SURROGATES, '\ufffd');
  const characters = [...text];
  const posts: string[] = [];
  for (let from = 0; from < characters.length; from += MAX_POST_LENGTH)
    posts.push(characters.slice(from, from + MAX_POST_LENGTH).join(''));
  return posts.filter((post) => post.trim() !== '');
}

// Timelines. Some clients name the user in the metadata of the call, some in a first message, some in both.

const USERNAME_KEY = 'username';

/**
 * An opener that all servers understand: in one dialect servers recognise an opener by its text, and this is
 * that text.
 */
export const CLASSIC_OPENER = 'Hi server thismostlikelywouldnotbewrittenbyaperson';
/** First messages that are not posts if the client has already named the user. */
const OPENERS: readonly string[] = ['', 'Timeline', 'Set Stream', '[handshake]', CLASSIC_OPENER];

export const isClassicOpener = ({ msg }: sns.Message): boolean => OPENERS.includes(msg.trim());

/**
 * The user of a timeline, if the metadata names one; an invalid name is refused as `invalid-user-name`.
 */
export function classicTimelineUser(metadata: Metadata): UserName | undefined {
  const username = textOf(metadata, USERNAME_KEY);
  return username === undefined ? undefined : userFrom(username);
}

export function classicTimelineMetadata(user: UserName): Metadata {
  const metadata = new Metadata();
  metadata.set(USERNAME_KEY, user);
  return metadata;
}

/** A client's message for a post. The time is only informative: a server sets its own. */
export const classicPostToWire = (username: UserName, text: string, timeMs: number): sns.Message => ({
  username,
  msg: `${text}\n`,
  timestamp: new Date(timeMs),
});

/**
 * A post as one message of a `Timeline`, encoded, on one line: clients print it unchanged, and a second line
 * could look like a post of another user.
 */
export const encodeClassicPost = ({ author, text, timeMs }: Post): Buffer =>
  encodeReusing(sns.Message, {
    username: author,
    msg: text.replaceAll('\n', ' '),
    timestamp: new Date(timeMs),
  });

/** A post as a client reads it: without a position, because this wire has none. */
export function classicPostRead({ username, msg, timestamp }: sns.Message): Post {
  const timeMs = timestamp?.getTime() ?? 0;
  if (!Number.isFinite(timeMs)) throw new DualpingError('invalid-argument', 'a post has no time');
  return { position: NO_POSITION, author: username, text: msg.replace(LINE_END, ''), timeMs };
}
