//! The catalog function: wiring only.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = catalog::Config::read(aws::settings::environment)?;
    let clients = aws::Clients::from_env().await;
    aws::edge::serve(async |call| catalog::handle(&clients, &config, call).await).await
}
