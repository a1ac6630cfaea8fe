import { playTranscripts } from '../transcripts.fixture.js';
import { SupervisorPlay, SupervisorWatchPlay } from './supervision-play.fixture.js';

playTranscripts('supervision/supervisor', () => new SupervisorPlay());
playTranscripts('supervision/watch', () => new SupervisorWatchPlay());
