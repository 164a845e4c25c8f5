//! The starter function: wiring only.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = starter::Config::read(aws::settings::environment)?;
    let clients = aws::Clients::from_env().await;
    aws::edge::serve(async |call| starter::handle(&clients, &config, call).await).await
}
