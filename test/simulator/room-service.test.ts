import { startSimulatedTarget } from '../contracts/livekit-simulated-target.ts';
import { describeRoomService } from '../contracts/livekit-room-service-contract.ts';

describeRoomService('the simulator', startSimulatedTarget);
