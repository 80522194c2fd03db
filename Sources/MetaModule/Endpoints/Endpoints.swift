/// The endpoints, one file each, as static functions that the route table names: what a request asks for, the service
/// that does it, the answer in JSON.
enum Endpoints {}
