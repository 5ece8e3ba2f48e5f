//! Every endpoint without a socket (auth §13, T-28).

mod desk;
mod devices;
mod endpoints;
mod exchanges;
mod hostile;
mod issuing;
mod rotation;
