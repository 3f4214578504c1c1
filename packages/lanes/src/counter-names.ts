/** Requests that were answered, by the lane that carried them (`lane`). */
export const carriedRequests = 'sallyport.requests'

/** Connections that the fast lane handed to the node lane, by why (`reason`). */
export const handOvers = 'sallyport.lane.hand_overs'
